do -- fence variant=up generation=0 site=customer-20 (generated, do not edit)
end
