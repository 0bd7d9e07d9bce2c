do -- fence variant=up generation=0 site=customer-06 (generated, do not edit)
end
